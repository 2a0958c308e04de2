/** What commands answer with: JSON, with bytes as they are. `.paths` and matchers look into it, `-o json` prints it. */
export type Data =
  | null
  | boolean
  | number
  | string
  | Buffer
  | readonly Data[]
  | { readonly [key: string]: Data | undefined };

export type DataObject = { readonly [key: string]: Data | undefined };

const isObject = (data: Data | undefined): data is DataObject =>
  typeof data === 'object' && data !== null && !Array.isArray(data) && !Buffer.isBuffer(data);

/** Bytes that are UTF-8 become a string; others `{"base64": "…"}`. */
export function textOrBase64(bytes: Buffer): string | { readonly base64: string } {
  const text = bytes.toString('utf8');
  return Buffer.byteLength(text) === bytes.length && Buffer.from(text).equals(bytes)
    ? text
    : { base64: bytes.toString('base64') };
}

/** One line of JSON. */
export function toJson(data: Data): string {
  return JSON.stringify(plain(data));
}

function plain(data: Data | undefined): unknown {
  if (Buffer.isBuffer(data)) return textOrBase64(data);
  if (Array.isArray(data)) return data.map(plain);
  if (isObject(data)) return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, plain(value)]));
  return data;
}

/** The value at a path such as `nodes.0.role`; undefined where there is none. */
export function atPath(data: Data, path: readonly string[]): Data | undefined {
  let at: Data | undefined = data;
  for (const step of path) {
    if (Array.isArray(at)) at = at[Number(step)];
    else if (isObject(at) && Object.hasOwn(at, step)) at = at[step];
    else return undefined;
  }
  return at;
}

/** How a value looks where it stands for itself: in a comparison, or expanded into a word. */
export function dataText(data: Data | undefined): string {
  if (data === undefined || data === null) return '';
  if (Buffer.isBuffer(data)) return data.toString('utf8');
  return typeof data === 'object' ? toJson(data) : String(data);
}
