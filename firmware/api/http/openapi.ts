/** The OpenAPI 3.1 document, made from the table of routes and its zod schemas. */
import { z } from "zod";
import type { Route } from "./routes.ts";
import { problemSchema } from "./schemas.ts";

export function openApiDocument(routes: readonly Route[], version: string) {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const path = route.url.replace(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Kumpel",
      version,
      description: "Own API of the miner. Null means unknown, never 0; units end the names.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    paths,
    components: {
      securitySchemes: {
        token: { type: "http", scheme: "bearer", description: "A token, kmp_ID_SECRET." },
        session: { type: "apiKey", in: "cookie", name: "kumpel_session" },
      },
      schemas: { Problem: schemaOf(problemSchema) },
    },
  };
}

const FILE_BODY = { "application/octet-stream": { schema: { type: "string", format: "binary" } } };

function operation(route: Route) {
  const { method, url, summary, scope, body, query, answer, takesUpload, media = "application/json" } = route;
  const problem = (description: string) => {
    return { description, content: { "application/json": { schema: { $ref: "#/components/schemas/Problem" } } } };
  };
  const params = [...url.matchAll(/:(\w+)/g)].flatMap(([, name]) => (name === undefined ? [] : [name]));
  const refusals =
    scope === "open"
      ? {}
      : { "401": problem("No token, or a wrong one."), "403": problem("The token's scope is too small.") };
  return {
    operationId:
      `${method.toLowerCase()}${url.replace("/api/v1", "").replace(/\W+(\w)/g, (_, c: string) => c.toUpperCase())}`.replace(
        /\W/g,
        "",
      ),
    summary,
    security: scope === "open" ? [] : [{ token: [] }, { session: [] }],
    ...(scope === "open" ? {} : { description: `Takes scope ${scope}.` }),
    ...(params.length === 0 && query === undefined
      ? {}
      : { parameters: [...params.map(parameter), ...queryParameters(query)] }),
    ...(takesUpload === true ? { requestBody: { required: true, content: FILE_BODY } } : {}),
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { "application/json": { schema: schemaOf(body) } } } }),
    responses: {
      "200": { description: "Done.", content: { [media]: { schema: schemaOf(answer) } } },
      ...(body === undefined && query === undefined && params.length === 0 && method !== "POST"
        ? {}
        : { "400": problem("Not understood, or refused; the message says why.") }),
      ...refusals,
    },
  };
}

function parameter(name: string) {
  return { name, in: "path", required: true, schema: { type: "integer", minimum: 0 } };
}

function queryParameters(query: z.ZodObject | undefined) {
  if (query === undefined) return [];
  const { properties = {} } = schemaOf(query) as { properties?: Record<string, { description?: string }> };
  return Object.entries(properties).map(([name, { description = "", ...schema }]) => {
    return { name, in: "query", required: false, description, schema };
  });
}

function schemaOf(schema: z.ZodType): Record<string, unknown> {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  return rest;
}
