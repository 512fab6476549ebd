/** Values that can be undefined. */

/** The entries of `options` that are not undefined, so that the others have their defaults. */
export function defined<T extends object>(options: { readonly [K in keyof T]: T[K] | undefined }): T {
  // Without its undefined entries the object has the type T.
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}

/** What `to` makes of the value; undefined if there is none. */
export function convert<From, To>(value: From | undefined, to: (value: From) => To): To | undefined {
  return value === undefined ? undefined : to(value);
}
