/** Asks the node to stop, by a task. */

import { DomainQuery, type Session } from "chimaera";
import { Client as Admin } from "../../../chimods/admin/admin_client.ts";

export async function run(session: Session): Promise<void> {
  await new Admin(session).stopRuntime(DomainQuery.getLocalId());
}
