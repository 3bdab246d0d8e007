import { join } from "node:path";

/** A class of objects that a Worker calls: its own, or another Worker's. */
export interface Namespace {
  className: string;
  worker?: string;
}

/** A Worker of the process. Each has an isolate, and so a heap, of its own. */
export interface WorkerSpec {
  name: string;
  /** The classes of the objects that run in it. */
  classes: readonly string[];
  /** The namespaces that it is bound to, by their bindings. */
  objects: Record<string, string | Namespace>;
}

interface ConfigParts {
  /** With the script, and with a folder `state`. */
  folder: string;
  script: string;
  date: string;
  flags: readonly string[];
  vars: Record<string, unknown>;
  workers: readonly WorkerSpec[];
}

/** The configuration of a workerd that serves the first of the Workers. */
export function configText(parts: ConfigParts): string {
  const { folder, workers } = parts;
  const services = workers.map(({ name }) => `(name = ${quote(name)}, worker = .${name}),`);
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    ${services.join("\n    ")}
    # Webhooks go to the load generator.
    (name = "internet", network = (allow = ["private"])),
    (name = "state", disk = (path = ${quote(join(folder, "state"))}, writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = ${quote(workers[0]!.name)})],
);
${workers.map((worker) => workerText(worker, parts)).join("")}`;
}

function workerText(
  worker: WorkerSpec,
  { script, date, flags, vars, workers }: ConfigParts,
): string {
  const { name, classes, objects } = worker;
  // An object's storage is found by this key: that of the only Worker keeps the class's name.
  const suffix = workers.length > 1 ? `-${name}` : "";
  const bindings = [
    ...Object.entries(objects).map(
      ([binding, namespace]) =>
        `(name = ${quote(binding)}, durableObjectNamespace = ${designator(namespace)})`,
    ),
    ...Object.entries(vars).map(
      ([key, value]) => `(name = ${quote(key)}, text = ${quote(String(value))})`,
    ),
  ];
  const namespaces = classes.map(
    (className) =>
      `(className = ${quote(className)}, uniqueKey = ${quote(`rollcall-${className}${suffix}`)}, enableSql = true)`,
  );
  return `
const ${name} :Workerd.Worker = (
  modules = [(name = ${quote(script)}, esModule = embed ${quote(script)})],
  compatibilityDate = ${quote(date)},
  compatibilityFlags = [${flags.map(quote).join(", ")}],
  bindings = [
    ${bindings.join(",\n    ")},
  ],
  durableObjectNamespaces = [
    ${namespaces.join(",\n    ")},
  ],
  durableObjectStorage = (localDisk = "state"),
);
`;
}

function designator(namespace: string | Namespace): string {
  if (typeof namespace === "string") return quote(namespace);
  const { className, worker } = namespace;
  const service = worker === undefined ? "" : `, serviceName = ${quote(worker)}`;
  return `(className = ${quote(className)}${service})`;
}

const quote = (text: string) => JSON.stringify(text);
