import { type ZodType, z } from 'zod';

export type Json = Record<string, unknown>;

/** What operations share, gathered while the document is written: an operation refers to it. */
export class Components {
  readonly schemas: Json = {};
  readonly responses: Json = {};
  readonly headers: Json = {};
  readonly examples: Json = {};

  /** Puts a part where operations can refer to it; the reference. */
  refer(kind: 'schemas' | 'responses' | 'headers' | 'examples', name: string, part: Json): Json {
    this[kind][name] = part;
    return { $ref: `#/components/${kind}/${name}` };
  }

  /** The JSON Schema of a zod schema, for what is sent or for what is answered; what has an id moves to the components. */
  schemaOf(schema: ZodType, io: 'input' | 'output'): Json {
    const {
      $schema: _,
      $defs = {},
      ...root
    } = z.toJSONSchema(schema, {
      io,
      target: 'draft-2020-12',
      override: ({ zodSchema, jsonSchema }) => {
        // Lost of what is transformed once it came: ours are of what is sent.
        const examples = z.globalRegistry.get(zodSchema)?.['examples'];
        if (Array.isArray(examples)) jsonSchema.examples = examples;
      },
    });
    const rewritten = (value: unknown) =>
      JSON.parse(
        JSON.stringify(value, (key, member) => {
          if (key === 'id' && typeof member === 'string') return undefined;
          // A later version may answer with more members: only what clients send is closed.
          return key === 'additionalProperties' && member === false && io === 'output' ? undefined : member;
        }).replaceAll('"#/$defs/', '"#/components/schemas/'),
      ) as Json;
    for (const [id, definition] of Object.entries($defs)) this.schemas[id] = rewritten(definition);
    return rewritten(root);
  }

  /** The schema that is meant: the component, where it is a reference. */
  resolved(schema: Json): Json {
    const name = /^#\/components\/schemas\/(.+)$/.exec(String(schema['$ref']))?.[1];
    return name === undefined ? schema : (this.schemas[name] as Json);
  }
}
