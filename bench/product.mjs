import { createServer } from 'node:http';

/**
 * A toy product, to stand behind a proxy: answers 200 with what it got, as JSON `{method, path, headers, body}`, and
 * counts. Header names are in lower case, a header that came twice is an array.
 */
export async function startProduct() {
  const product = { requests: 0 };
  const server = createServer((request, response) => {
    product.requests++;
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const headers = Object.fromEntries(
        Object.entries(request.headersDistinct).map(([name, values]) => [
          name,
          values.length === 1 ? values[0] : values,
        ]),
      );
      const { method, url: path } = request;
      response
        .setHeader('Content-Type', 'application/json')
        .end(JSON.stringify({ method, path, headers, body: Buffer.concat(chunks).toString() }));
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  product.port = server.address().port;
  product.stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return product;
}
