/** Tasks of the MOD_NAME module. */

import { defineCreateTask } from "chimaera";

/** The library's name. Generated. */
export const libName = "chimaera_MOD_NAME";

// CHI_BEGIN(Create)
/** Parameters of a MOD_NAME pool. */
export class CreateTask extends defineCreateTask(libName, {}) {}
// CHI_END(Create)
// CHI_AUTOGEN_METHODS  // keep at class bottom
