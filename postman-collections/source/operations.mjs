// The operations of the OpenAPI document, each with what a request and its tests are made of.

/** By operationId, in the order of the document. */
export function operationsOf(document) {
  const resolved = (part) => (part.$ref === undefined ? part : at(document, part.$ref));
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => {
      const [status, success] = Object.entries(operation.responses).find(([code]) => Number(code) < 400);
      const [type, media] = Object.entries(resolved(success).content ?? {})[0] ?? [];
      return {
        name: operation.operationId,
        tag: operation.tags[0],
        summary: operation.summary,
        description: operation.description,
        method: method.toUpperCase(),
        path,
        parameters: operation.parameters ?? [],
        body: operation.requestBody?.content['application/json'].example,
        needsToken: operation.security.length > 0 && operation.security.every((way) => 'bearer' in way),
        status: Number(status),
        type,
        schema: media?.schema && whole(document, media.schema),
        problems: Object.values(operation.responses).flatMap((response) => problemsOf(resolved(response))),
      };
    }),
  );
  return new Map(operations.map((operation) => [operation.name, operation]));
}

/** A schema of the document with all that it refers to. */
function whole(document, schema) {
  const schemas = {};
  const gather = (part) => {
    for (const [, name] of JSON.stringify(part).matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      if (schemas[name] !== undefined) continue;
      schemas[name] = document.components.schemas[name];
      gather(schemas[name]);
    }
  };
  gather(schema);
  return withoutWords(
    Object.keys(schemas).length === 0 ? schema : { allOf: [schema], components: { schemas } },
  );
}

/** The form of every problem. */
export function problemSchema(document) {
  return withoutWords(document.components.schemas.Problem);
}

/** What is for readers says nothing of right and wrong. */
function withoutWords(schema) {
  return JSON.parse(
    JSON.stringify(schema, (key, value) =>
      ['examples', 'description'].includes(key) && !isSchema(value) ? undefined : value,
    ),
  );
}

/** A member of that name, rather than the keyword. */
function isSchema(value) {
  return typeof value === 'object' && !Array.isArray(value);
}

function problemsOf({ content = {} }) {
  const schema = content['application/problem+json']?.schema;
  return schema?.allOf[1].properties.code.enum ?? [];
}

function at(document, reference) {
  return reference
    .slice(2)
    .split('/')
    .reduce((part, name) => part[name], document);
}
