/** Programs outside of a repo that call its modules: in Deno, and on Node. */

export { linkApp, type LinkReport, type LinkRequest, unlinkApp } from "./link_app.ts";
export { linkNode, type NodeLinkReport, type NodeUnlinkReport, unlinkNode } from "./link_node.ts";
