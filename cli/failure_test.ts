import assert from "node:assert/strict";
import { ChimaeraError, ERRORS, toChimaeraError } from "../runtime/errors.ts";
import { errorJson } from "./failure.ts";
import { test } from "../tests/permission.ts";

const FAILURE = new URL("./failure.ts", import.meta.url).href;

Deno.test("failures: what nobody foresaw is a defect, and asks to be reported", () => {
  const error = toChimaeraError(new TypeError("x is not a function"), "internal", "chimaera");
  assert.deepEqual(errorJson(error), {
    code: "CHI-1901",
    what: "chimaera",
    why: "x is not a function",
    hint: ERRORS.internal.hint,
  });
  const known = new ChimaeraError("fileNotFound", { what: "compress a.bin", why: "no such file" });
  assert.equal(toChimaeraError(known, "internal", "chimaera"), known);
});

test("failures: a defect is shown with its stack, and is exit code 1", async () => {
  const script = `import { showFailure } from "${FAILURE}";
    Deno.exit(showFailure(new TypeError("x is not a function"), ["serve", "--json"]));`;
  const command = new Deno.Command(Deno.execPath(), { args: ["eval", script] });
  const { code, stdout, stderr } = await command.output();
  const text = new TextDecoder().decode(stderr);
  assert.equal(code, 1);
  assert.match(text, /^error\[CHI-1901\]: chimaera: x is not a function\nhint: .*report it/);
  assert.match(text, /\n {4}at /);
  assert.equal(JSON.parse(new TextDecoder().decode(stdout)).error.code, "CHI-1901");
});
