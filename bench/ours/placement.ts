/** Puts a node's workers on the processor that a line wants, by a policy of the bench's own. */

import { CreateContext, DomainQuery, type Session } from "chimaera";
import { Client as AdminClient } from "../../chimods/admin/admin_client.ts";
import { type BenchContext, Placement } from "../harness/line.ts";
import { Client as PlacementClient } from "../modules/placement/placement_client.ts";

const HERE = DomainQuery.getLocalId();

/** Leaves the node's own policy in force where the line does not ask for processors. */
export async function placeWorkers(session: Session, context: BenchContext): Promise<void> {
  if (context.placement === Placement.free) return;
  const policy = new PlacementClient(session);
  const name = `bench_placement_${context.serverCpu}`;
  await policy.create(HERE, HERE, name, new CreateContext(), context.serverCpu);
  await new AdminClient(session).setWorkOrchProcPolicy(HERE, policy.poolId);
}
