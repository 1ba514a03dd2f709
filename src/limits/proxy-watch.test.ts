import { clientAddress } from './client-address';
import { ALIKE, type Arrival, ProxyWatch } from './proxy-watch';

describe('the watch for a proxy that is not trusted', () => {
  const changes: boolean[] = [];
  const told: string[] = [];
  let watch: ProxyWatch;
  beforeEach(() => {
    changes.length = 0;
    told.length = 0;
    watch = new ProxyWatch({
      onChange: (suspect) => changes.push(suspect),
      onFirstSuspicion: (address) => told.push(address),
    });
  });

  const note = (arrival: Partial<Arrival>, times = ALIKE) => {
    for (let n = 0; n < times; n++) {
      watch.note({ client: '10.0.0.2', forwarded: true, passedOver: true, ...arrival });
    }
  };

  it.each(['10.0.0.2', '::ffff:192.168.1.9', '127.0.0.1', 'fd00::2', '100.64.0.7'])(
    'suspects that all clients come from %s, and says so once',
    (client) => {
      note({ client }, ALIKE - 1);
      expect([changes, told]).toEqual([[], []]);
      note({ client }, 100);
      expect([changes, told]).toEqual([[true], [clientAddress(client)]]);
    },
  );

  it.each<[string, Partial<Arrival>]>([
    ['clients from the internet, whatever they claim', { client: '203.0.113.9' }],
    ['clients that a trusted proxy named', { passedOver: false }],
    ['what nobody forwarded', { forwarded: false, passedOver: false }],
    ['a peer that has gone', { client: undefined }],
  ])('does not suspect %s', (_, arrival) => {
    note(arrival, 200);
    expect([changes, told]).toEqual([[], []]);
  });

  it('needs them in a row: one client that is told apart, and nothing is wrong', () => {
    for (let n = 0; n < 10; n++) {
      note({}, ALIKE - 1);
      note({ passedOver: false }, 1);
    }
    expect(changes).toEqual([]);
  });

  it('ends with a call that nobody forwarded: not all clients come from that proxy', () => {
    note({});
    note({ client: '10.0.0.77', forwarded: false, passedOver: false }, 1);
    expect(changes).toEqual([true, false]);
  });

  it.each(['203.0.113.9:51234', '_hidden', ''])(
    'suspects a proxy that writes its clients as "%s"',
    (client) => {
      note({ client, passedOver: false });
      expect([changes, told]).toEqual([[true], ['unknown']]);
    },
  );

  it('ends when clients are told apart again, and repeats no word however often it changes', () => {
    for (let n = 0; n < 3; n++) {
      note({});
      note({ client: '203.0.113.9', passedOver: false }, 1);
    }
    expect(changes).toEqual([true, false, true, false, true, false]);
    expect(told).toHaveLength(1);
  });
});
