import { parseOptions, UsageError } from './options';

describe('the command line', () => {
  it('asks for nothing by default', () => {
    expect(parseOptions([])).toEqual({
      url: undefined,
      production: false,
      json: false,
      list: false,
      help: false,
      dataDir: undefined,
    });
  });

  it('takes an instance, flags and, in development, a folder', () => {
    expect(
      parseOptions(
        ['--url', 'https://API.example.com:443/', '--json', '--production', '--data-dir=/x'],
        '/d',
      ),
    ).toMatchObject({
      url: 'https://api.example.com',
      json: true,
      production: true,
      dataDir: '/x',
    });
    expect(parseOptions([], '/d').dataDir).toBe('/d');
  });

  it.each([
    [['--colour']],
    [['extra']],
    [['--json=yes']],
    [['--url']],
    [['--url', 'api.example.com']],
    [['--url', 'ftp://api.example.com']],
    [['--url', 'https://api.example.com/api']],
    [['--url', 'https://user:hunter2@api.example.com']],
    [['--url', 'https://api.example.com/?token=hunter2']],
    [['--data-dir', '/x']],
  ])('refuses %j', (args) => {
    expect(() => parseOptions(args)).toThrow(UsageError);
    expect(() => parseOptions(args)).not.toThrow(/hunter2/);
  });
});
