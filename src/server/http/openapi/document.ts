import { toJsonSchema, toJsonSchemaDefs, type ConversionConfig } from "@valibot/to-json-schema";
import * as v from "valibot";
import { statusOf, type ErrorCode } from "../../errors.ts";
import { ANSWERS } from "./answers.ts";
import { OPERATIONS, type Operation } from "./operations.ts";

const INFO = {
  title: "Rollcall",
  version: "1",
  summary: "Presence: who is here, right now",
  license: { name: "MIT", identifier: "MIT" },
};

const SCHEMES = {
  cookie: { type: "apiKey", in: "cookie", name: "session", description: "The app's session" },
  bearer: { type: "http", scheme: "bearer", description: "A token of the same session" },
  serverKey: { type: "http", scheme: "bearer", description: "A key of SERVER_KEY" },
};

const SESSION = [{ cookie: [] }, { bearer: [] }];
const BACKEND = [{ serverKey: [] }];
const SECURITY = {
  anybody: [],
  session: SESSION,
  backend: BACKEND,
  "session or backend": [...SESSION, ...BACKEND],
};

const ROOM_NAME = { type: "string", pattern: "^[A-Za-z0-9][A-Za-z0-9._:~-]{0,127}$" };

const FOR_SESSIONS: readonly ErrorCode[] = [
  "unauthenticated",
  "session_invalid",
  "session_expired",
  "session_revoked",
  "session_unavailable",
  "origin_forbidden",
  "room_forbidden",
];

const REFUSALS: Record<Operation["by"], readonly ErrorCode[]> = {
  anybody: [],
  session: FOR_SESSIONS,
  backend: ["unauthenticated", "origin_forbidden", "not_found", "rate_limited"],
  "session or backend": FOR_SESSIONS,
};

/** What the library's schemas cannot express. */
const CONVERSION: ConversionConfig = {
  target: "draft-2020-12",
  typeMode: "input",
  errorMode: "throw",
  // A check in code; the field's description or rule explains it.
  ignoreActions: ["check", "transform"],
  // The only values without a further description are the app's own objects.
  overrideSchema: ({ valibotSchema }) =>
    valibotSchema.type === "custom" ? { type: "object" } : undefined,
};

const asJson = (schema: unknown) => ({ content: { "application/json": { schema } } });
const refTo = (name: string) => ({ $ref: `#/components/schemas/${name}` });

function describeAnswer(answer: string | readonly string[]): object {
  if (typeof answer === "string") return { description: answer };
  const refs = answer.map(refTo);
  return {
    description: answer.join(" or "),
    ...asJson(refs.length === 1 ? refs[0] : { oneOf: refs }),
  };
}

function refusalsOf({ by, path, refusals = [] }: Operation): ErrorCode[] {
  if (by === "anybody") return [...refusals];
  const ofRooms: ErrorCode[] = path.includes("{room}") ? ["room_invalid", "room_unavailable"] : [];
  return [
    ...new Set([...REFUSALS[by], ...ofRooms, ...refusals, "misconfigured", "internal"]),
  ] as ErrorCode[];
}

function answersOf(operation: Operation): object {
  const codes = Map.groupBy(refusalsOf(operation), statusOf);
  const refusals = [...codes].map(([status, these]) => [
    status,
    { description: these.join(", "), ...asJson(refTo("Error")) },
  ]);
  const answers = Object.entries(operation.answers).map(([status, answer]) => [
    status,
    describeAnswer(answer),
  ]);
  return Object.fromEntries([...answers, ...refusals]);
}

function parametersOf({ path, query }: Operation): object[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: name === "room" ? ROOM_NAME : { type: "string", minLength: 1, maxLength: 128 },
  }));
  const inQuery = Object.entries(query?.entries ?? {}).map(([name, schema]) => ({
    name,
    in: "query",
    required: false,
    schema: convert(schema as v.GenericSchema),
  }));
  return [...inPath, ...inQuery];
}

/** As a part of a document, which declares the dialect once for all. */
function convert(schema: v.GenericSchema): object {
  const { $schema: _, ...converted } = toJsonSchema(schema, CONVERSION);
  return converted;
}

function describeOperation(operation: Operation): object {
  const { id, summary, by, body } = operation;
  const parameters = parametersOf(operation);
  return {
    operationId: id,
    summary,
    security: SECURITY[by],
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: { required: true, ...asJson(convert(body)) } }),
    responses: answersOf(operation),
  };
}

function describeAll(): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const operation of OPERATIONS) {
    paths[operation.path] = {
      ...paths[operation.path],
      [operation.method]: describeOperation(operation),
    };
  }
  const schemas = toJsonSchemaDefs(ANSWERS, {
    ...CONVERSION,
    overrideRef: ({ referenceId }) => `#/components/schemas/${referenceId}`,
  });
  return { paths, components: { schemas, securitySchemes: SCHEMES } };
}

let described: object | null = null;

/**
 * Describes the service in OpenAPI 3.1, its requests by the schemas that check them (SPEC O5). `base`
 * is the URL that the paths are relative to. It is built at the first request for it, and costs other
 * requests nothing.
 *
 * @example
 * describeService("https://presence.example.com"); // { openapi: "3.1.0", … }
 */
export function describeService(base: string): object {
  described ??= describeAll();
  return { openapi: "3.1.0", info: INFO, servers: [{ url: base }], ...described };
}
