import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import type { World } from '../world/world.ts';
import { certificateRoutes } from './certificates.ts';
import { hostnameCertificateRoutes, zoneCertificateRoutes } from './client-certificates.ts';
import { exchange, publicExchange } from './exchange.ts';
import { ipsRoute } from './ips.ts';
import { originPullRoutes } from './origin-pulls.ts';
import { unroutable } from './reach.ts';
import { recordRoutes } from './records.ts';
import type { Route } from './route.ts';
import { settingRoutes } from './settings.ts';
import { tokenRoutes } from './tokens.ts';
import { zoneRoutes } from './zones.ts';

/** The first that fits a request answers it: what has a fixed last part stands before what has a variable one. */
const ROUTES: readonly Route[] = [
  ...certificateRoutes,
  ...zoneRoutes,
  ...recordRoutes,
  ...settingRoutes,
  ...hostnameCertificateRoutes,
  ...originPullRoutes,
  ...zoneCertificateRoutes,
  ...tokenRoutes,
];

/** Cloudflare's API, below `/client/v4`. */
export function apiApp(world: World): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>({ strict: false }).basePath('/client/v4');
  app.on(ipsRoute.method, ipsRoute.path, publicExchange(world, ipsRoute));
  for (const route of ROUTES) {
    app.on(route.method, route.path, exchange(world, route));
  }
  app.all('*', (context, next) => exchange(world, nowhere(context.req.path))(context, next));
  return app;
}

function nowhere(path: string): Route {
  return {
    operation: 'unknown',
    method: 'GET',
    path,
    family: 'others',
    handle: () => {
      throw unroutable(path.replace('/client/v4', ''));
    },
  };
}
