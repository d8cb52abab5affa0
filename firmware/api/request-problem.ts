/** What is wrong with what somebody asked for or ordered, in the sentences of the settings. Texts are not repeated: they may be secrets. */
import { z } from "zod";
import { nodeAt, type SchemaNode, type SettingsPath } from "../config/constraints.ts";
import { issueSentence, pathOf, shortened, shown } from "../config/sentence.ts";

const SCHEMAS = new WeakMap<z.ZodType, SchemaNode>();

/** @param whole what is read, for problems that have no place in it: `the body`. */
export function requestProblem(schema: z.ZodType, error: z.ZodError, value: unknown, whole: string): string {
  const [issue] = error.issues;
  if (issue === undefined) return `${whole} is not as it must be: /api/v1/openapi.json says how`;
  const path = pathOf(issue);
  if (issue.code === "unrecognized_keys") {
    const names = issue.keys.map((key) => shortened([...path, key].join(".")));
    return `${shortened(names.join(", "))} is not known here: leave it out`;
  }
  if (path.length === 0 && issue.code === "invalid_type")
    return `${whole}${shownValue(value ?? null, null)}: must be an object in JSON`;
  if (path.length === 0) return `${whole} ${issue.message}`;
  const node = nodeFor(jsonSchemaOf(schema), path, value);
  if (issue.code === "invalid_union" && path.length === 1 && issue.discriminator === path[0])
    return issueSentence(
      { code: "custom", path: issue.path, message: "must be one of those in /api/v1/openapi.json" },
      value,
      CHOSEN,
      shownValue,
    );
  return issueSentence(issue, value, node, shownValue);
}

/** What chooses among forms is a word, no secret. */
const CHOSEN: SchemaNode = { enum: [] };

function shownValue(given: unknown, node: SchemaNode | null): string {
  if (given === "") return " is empty";
  const isWord = node?.enum !== undefined || node?.type === "integer" || node?.type === "number";
  return typeof given === "string" && !isWord ? " (not shown)" : shown(given, node);
}

function jsonSchemaOf(schema: z.ZodType): SchemaNode {
  const known = SCHEMAS.get(schema);
  if (known !== undefined) return known;
  const made = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as SchemaNode;
  SCHEMAS.set(schema, made);
  return made;
}

/** Of several forms the one whose fixed texts the value has. */
function nodeFor(root: SchemaNode, path: SettingsPath, value: unknown): SchemaNode | null {
  const given = typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  const isMeant = ({ properties }: SchemaNode): boolean => properties?.["kind"]?.const === given["kind"];
  return nodeAt(root.oneOf?.find(isMeant) ?? root, path);
}
