import { test } from "../../tests/permission.ts";
import { TypeWatch } from "./type_watch.ts";

test("type watch: once it is closed, a change begins no check", async () => {
  const watch = new TypeWatch(() => {});
  await watch.close();
  watch.check("/nowhere"); // A timer that it set would outlive the test, which then fails.
});
