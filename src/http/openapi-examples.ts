import type { Components, Json } from './openapi-components';

/**
 * A value that shows what a schema means: its own first example, else one made of those of its members, else its only
 * value. Throws `RangeError` where a member has none: every call is shown with an example.
 */
export function exampleOf(reference: Json, components: Components): unknown {
  const schema = components.resolved(reference);
  const { examples, anyOf, enum: values, properties, items } = schema;
  if (Array.isArray(examples)) return examples[0];
  if ('const' in schema) return schema['const'];
  if (Array.isArray(values)) return values[0];
  if (Array.isArray(anyOf)) return exampleOf(anyOf[0], components);
  if (schema['type'] === 'boolean') return true;
  if (schema['type'] === 'array') return [exampleOf(items as Json, components)];
  if (schema['type'] !== 'object' || properties === undefined) {
    throw new RangeError(`there is no example of ${JSON.stringify(schema)}`);
  }
  return Object.fromEntries(
    Object.entries(properties as Record<string, Json>).map(([name, member]) => [
      name,
      exampleOf(member, components),
    ]),
  );
}

/** The same as a media type has it: one example, or one a form where the schema knows several. */
export function mediaExamples(schema: Json, components: Components): Json {
  const { anyOf } = components.resolved(schema);
  if (!Array.isArray(anyOf)) return { example: exampleOf(schema, components) };
  const forms = anyOf.map((form: Json) => {
    const value = exampleOf(form, components);
    return [nameOf(form, value), { value }] as const;
  });
  return { examples: Object.fromEntries(forms) };
}

/** The one of trouble, where a form tells of trouble itself: the last. */
export function troubleExample(schema: Json, components: Components): Json {
  const { examples } = components.resolved(schema);
  return { example: Array.isArray(examples) ? examples.at(-1) : exampleOf(schema, components) };
}

function nameOf({ $ref }: Json, value: unknown): string {
  const component = String($ref).split('/').at(-1);
  return $ref === undefined || component === undefined ? Object.keys(value as object).join('-') : component;
}
