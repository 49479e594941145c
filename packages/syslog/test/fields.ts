export type Fields = Record<string, unknown>;

/** A nested event as one level of dotted names; arrays stay whole. */
export function fieldsOf(value: object, prefix = ''): Fields {
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, inner]) =>
      typeof inner === 'object' && inner !== null && !Array.isArray(inner)
        ? Object.entries(fieldsOf(inner, `${prefix}${name}.`))
        : [[`${prefix}${name}`, inner]],
    ),
  );
}
