import { newRepo, newModule, planRefresh, writeRefresh } from "./codegen/mod.ts";
const dir = "/tmp/repo_p"; try { Deno.removeSync(dir,{recursive:true}); } catch {}
await newRepo(dir, "example");
let t = performance.now();
const first = `${dir}/m0`; await newModule(dir, "m0");
for (let k=1;k<100;k++) { Deno.mkdirSync(`${dir}/m${k}`); for (const e of Deno.readDirSync(first)) { const txt = Deno.readTextFileSync(`${first}/${e.name}`).replaceAll(/\bm0/g, `m${k}`).replaceAll("example_m0",`example_m${k}`); Deno.writeTextFileSync(`${dir}/m${k}/${e.name.replace("m0",`m${k}`)}`, txt); } }
for (let k=0;k<100;k++) { const y=`${dir}/m${k}/m${k}_methods.yaml`; Deno.writeTextFileSync(y, Deno.readTextFileSync(y)+Array.from({length:50},(_,i)=>`kMethodNumber${i}: ${10+i}\n`).join("")); }
for (const what of ["insert all", "no change", "no change"]) {
 t = performance.now(); const p = await planRefresh(dir); const t1 = performance.now(); if (p.problems.length) throw p.problems[0]; await writeRefresh(p); console.log(what, p.changes.length, "plan", (t1-t).toFixed(0), "write", (performance.now()-t1).toFixed(0));
}
for (let k=0;k<100;k++) { const y=`${dir}/m${k}/m${k}_methods.yaml`; Deno.writeTextFileSync(y, Deno.readTextFileSync(y)+"kAnother: 99\n"); }
{ t = performance.now(); const p = await planRefresh(dir); const t1 = performance.now(); if (p.problems.length) throw p.problems[0]; await writeRefresh(p); console.log("one more each", p.changes.length, "plan", (t1-t).toFixed(0), "write", (performance.now()-t1).toFixed(0)); }
