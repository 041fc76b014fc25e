import { Hono } from 'hono';
import { visit } from '../edge/visit.ts';
import type { World } from '../world/world.ts';
import { advance, inject, remove, requests, settings } from './behaviour.ts';
import { certificates, revoke, seedCertificates, sign } from './certificates.ts';
import { clientCertificates, originPulls, seedClientCertificate } from './origin-pulls.ts';
import { automaticUpgrade, setSetting, zoneSettings } from './settings.ts';
import { ControlError } from './shape.ts';
import { seedToken, updateToken } from './tokens.ts';
import { mapOrigin, seedRecord, seedRecords, seedZone, updateZone } from './zones.ts';

type Command = (world: World, body: unknown) => unknown;

/** `POST /<name>` with a JSON object; the answer is JSON. */
const COMMANDS: Readonly<Record<string, Command>> = {
  'seed-zone': seedZone,
  'update-zone': updateZone,
  'set-setting': setSetting,
  'zone-settings': zoneSettings,
  'automatic-upgrade': automaticUpgrade,
  'seed-client-certificate': seedClientCertificate,
  'client-certificates': clientCertificates,
  'origin-pulls': originPulls,
  'seed-token': seedToken,
  'update-token': updateToken,
  'seed-record': seedRecord,
  'seed-records': seedRecords,
  'map-origin': mapOrigin,
  'seed-certificates': seedCertificates,
  sign,
  revoke,
  remove,
  certificates,
  requests,
  counts: (world) => world.requests.counts(),
  settings,
  inject,
  'clear-faults': (world) => world.faults.clear(),
  advance,
  now: ({ clock }) => ({ now: new Date(clock.now()).toISOString(), waits: clock.waits }),
  reset: (world) => world.reset(),
  visit,
};

/** The endpoint by which tests and people steer the simulator. Loopback, plain HTTP, no authentication. */
export function controlApp(world: World): Hono {
  const app = new Hono();
  app.get('/', (context) =>
    context.text(
      `POST a JSON object to one of: ${Object.keys(COMMANDS).join(', ')}.\nFields: test/simulator/protocol.ts\n`,
    ),
  );
  app.post('/:command', async (context) => {
    const name = context.req.param('command');
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (command === undefined) {
      return context.json(
        { error: `unknown command ${name}; known are ${Object.keys(COMMANDS).join(', ')}` },
        404,
      );
    }
    try {
      const result = await command(world, parse(await context.req.text()));
      return context.json(result === undefined ? {} : result);
    } catch (error) {
      if (!(error instanceof ControlError)) throw error;
      return context.json({ error: `${name}: ${error.message}` }, 400);
    }
  });
  return app;
}

function parse(text: string): unknown {
  try {
    return text.trim() === '' ? {} : JSON.parse(text);
  } catch {
    throw new ControlError('the body is not JSON');
  }
}
