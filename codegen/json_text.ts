/**
 * Edits members of objects in JSON with comments, and leaves everything else as it is.
 *
 * Thread rules: none; pure functions.
 */

import { ChimaeraError } from "../runtime/errors.ts";
import { insertion, lineAt, lineEndAt, lineEndLength, type TextEdit } from "./text_edit.ts";
import { type CodeToken, plainTokens } from "./tokens.ts";

/** A value, with its place. */
export interface JsonValue {
  readonly start: number;
  readonly end: number;
  /** Of a string. */
  readonly string: string | null;
  /** Of an object. */
  readonly members: readonly JsonMember[] | null;
}

/** A member of an object. */
export interface JsonMember {
  readonly key: string;
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly value: JsonValue;
  /** Behind its comma; null where there is none. */
  readonly commaEnd: number | null;
}

/**
 * Reads a text that is one object. Throws CHI-1302 for what is none.
 *
 * @param file As errors name it.
 */
export function readJsonObject(text: string, file: string): JsonValue {
  return new JsonReader(text, file).read();
}

/** The member of an object, or of an object in it. */
export function memberOf(object: JsonValue, ...keys: readonly string[]): JsonMember | undefined {
  let found: JsonMember | undefined;
  let at: JsonValue | undefined = object;
  for (const key of keys) {
    found = at?.members?.findLast((member) => member.key === key);
    at = found?.value;
  }
  return found;
}

class JsonReader {
  readonly #tokens: readonly CodeToken[];
  readonly #text: string;
  readonly #file: string;
  #at = 0;

  constructor(text: string, file: string) {
    this.#tokens = plainTokens(text.startsWith("\uFEFF") ? ` ${text.slice(1)}` : text);
    this.#text = text;
    this.#file = file;
  }

  read(): JsonValue {
    const value = this.#value();
    if (value.members === null) this.#refuse(this.#tokens[0], "it is no object");
    if (this.#at < this.#tokens.length) this.#refuse(this.#peek(), "nothing may stand here");
    return value;
  }

  #value(): JsonValue {
    const token = this.#next();
    const { text, start, end } = token;
    if (text === "{") return this.#object(start);
    if (text === "[") return this.#array(start);
    if (token.type === "StringLiteral") {
      return { start, end, string: this.#string(token), members: null };
    }
    if (/^[\]}:,]$/.test(text)) this.#refuse(token, `a value is missing before \`${text}\``);
    // A sign is a token of its own.
    const last = /^[-+]$/.test(text) ? this.#next() : token;
    return { start, end: last.end, string: null, members: null };
  }

  #object(start: number): JsonValue {
    const members: JsonMember[] = [];
    while (this.#peek()?.text !== "}") {
      const key = this.#next();
      if (key.type !== "StringLiteral") this.#refuse(key, "a name in quotes is missing");
      this.#expect(":");
      const value = this.#value();
      members.push({
        key: this.#string(key),
        keyStart: key.start,
        keyEnd: key.end,
        value,
        commaEnd: this.#comma("}"),
      });
    }
    return { start, end: this.#next().end, string: null, members };
  }

  #array(start: number): JsonValue {
    while (this.#peek()?.text !== "]") {
      this.#value();
      this.#comma("]");
    }
    return { start, end: this.#next().end, string: null, members: null };
  }

  #comma(close: string): number | null {
    if (this.#peek()?.text === ",") return this.#next().end;
    if (this.#peek()?.text !== close) this.#refuse(this.#peek(), "a comma is missing");
    return null;
  }

  #string(token: CodeToken): string {
    try {
      return JSON.parse(token.text);
    } catch {
      return this.#refuse(token, `${token.text} is no text in JSON`);
    }
  }

  #expect(text: string): void {
    const token = this.#next();
    if (token.text !== text) this.#refuse(token, `\`${text}\` is missing`);
  }

  #peek(): CodeToken | undefined {
    return this.#tokens[this.#at];
  }

  #next(): CodeToken {
    const token = this.#tokens[this.#at++];
    return token ?? this.#refuse(undefined, "the text ends too early");
  }

  #refuse(token: CodeToken | undefined, why: string): never {
    const at = token?.start ?? this.#tokens.at(-1)?.end ?? 0;
    const what = `${this.#file}:${placeAt(this.#text, at)}`;
    throw new ChimaeraError("badManifest", { what, why });
  }
}

/** The `line:column` of a place in a text, each from 1. */
export function placeAt(text: string, at: number): string {
  const line = text.slice(0, at).split(/\r\n|\n|\r/).length;
  const bom = text.startsWith("\uFEFF") && line === 1 ? 1 : 0;
  return `${line}:${at - lineAt(text, at).start - bom + 1}`;
}

/** A member to come: its key, and its value as it is written. */
export type NewMember = readonly [key: string, value: string];

/** Takes members out of an object, and adds others behind its last one. */
export function changeMembers(
  text: string,
  object: JsonValue,
  gone: readonly JsonMember[],
  added: readonly NewMember[],
): TextEdit[] {
  if (gone.length === 0 && added.length === 0) return [];
  const members = object.members ?? [];
  const last = members.filter((member) => !gone.includes(member)).at(-1);
  if (last === undefined) {
    const whole = objectText(text, object.start, added);
    const inside = text.slice(object.start + 1, object.end - 1);
    // Of an object that has remarks and nothing else, they stay.
    if (members.length > 0 || inside.trim() === "") return [{ ...object, text: whole }];
    return [insertion(object.start + 1, whole.slice(1, -1).replace(/(\r\n|\n|\r)[ \t]*$/, ""))];
  }
  const endsWithComma = members.at(-1)!.commaEnd !== null;
  const edits = gone.map((member) => removal(text, member));
  if (added.length > 0) edits.push(...addition(text, object, last, added, endsWithComma));
  else if (!endsWithComma && last.commaEnd !== null) {
    edits.push({ start: last.value.end, end: last.commaEnd, text: "" });
  }
  return edits;
}

/** An object at a place of a text. */
export function objectText(text: string, at: number, members: readonly NewMember[]): string {
  if (members.length === 0) return "{}";
  const eol = lineEndAt(text, at);
  const outer = blanksAt(text, at);
  const inner = outer + (/^(\t| +)"/m.exec(text)?.[1] ?? "  ");
  const lines = members.map(([key, value]) => `${inner}${JSON.stringify(key)}: ${value}`);
  return `{${eol}${lines.join(`,${eol}`)}${eol}${outer}}`;
}

function addition(
  text: string,
  object: JsonValue,
  last: JsonMember,
  added: readonly NewMember[],
  endsWithComma: boolean,
): TextEdit[] {
  const words = added.map(([key, value]) => `${JSON.stringify(key)}: ${value}`);
  const end = endsWithComma ? "," : "";
  const { commaEnd, value } = last;
  if (lineAt(text, last.keyStart).start <= object.start) {
    const body = words.map((word) => ` ${word}`).join(",") + end;
    return [insertion(commaEnd ?? value.end, commaEnd === null ? `,${body}` : body)];
  }
  const gap = lineEndAt(text, object.start) + blanksAt(text, last.keyStart);
  const body = words.map((word) => gap + word).join(",") + end;
  const behind = placeBehind(text, commaEnd ?? value.end);
  return commaEnd !== null
    ? [insertion(behind, body)]
    : [insertion(value.end, ","), insertion(behind, body)];
}

/** A member goes, with its line if nothing else is on it. */
function removal(text: string, { keyStart, value, commaEnd }: JsonMember): TextEdit {
  const end = commaEnd ?? value.end;
  const line = lineAt(text, keyStart);
  const isAlone = text.slice(line.start, keyStart).trim() === "" &&
    text.slice(end, line.end).trim() === "";
  if (!isAlone) return { start: keyStart, end, text: "" };
  return { start: line.start, end: line.end + lineEndLength(text, line.end), text: "" };
}

/** Behind a place and the comment that its line ends with. */
function placeBehind(text: string, at: number): number {
  const line = lineAt(text, at);
  return /^[\t ]*(?:\/\/.*)?$/.test(text.slice(at, line.end)) ? line.end : at;
}

/** The blanks that the line of a place begins with. */
function blanksAt(text: string, at: number): string {
  const line = lineAt(text, at);
  return /^[\t ]*/.exec(text.slice(line.start, at))![0];
}
