/**
 * What an admin's handler is made to throw that must not go on where it is: its task goes back to
 * its lane, wherever that is now, and is begun anew. It has done nothing yet that a second beginning
 * would repeat.
 *
 * Thread rules: plain data.
 */

export class HandOn extends Error {
  constructor() {
    super("the task is begun anew where its lane is now");
  }
}
