import { serve } from './api-server.ts';
import { carryOut, type Manner } from './cloudflare.ts';
import { brokenBySentRevocation, brokenByLandedRevocation, brokenByWrite } from './promises.ts';
import { letGoSince, takenDown } from './leaving.ts';
import { isPending, issuedPairOf, keysOf, pairOf, servingSecrets } from './secrets.ts';
import { brokenByAsking } from './temporary.ts';
import type { Answer, Call } from './calls.ts';
import { type Budget, type Objects, type State, type Users, WAIT_MS } from './state.ts';

/** A step of the world. `broken`: the promise that it breaks. */
export interface Step {
  readonly state: State;
  readonly broken?: string | undefined;
}

/** One thing that can happen next. */
export interface Move {
  readonly label: string;
  readonly step: () => Promise<Step>;
}

/** A step that took place at once, with what whoever asked hears of it. */
interface Performed extends Step {
  readonly answer: Answer;
}

/** How a request takes place. */
interface Passage extends Manner {
  /** Long after it was sent. */
  readonly isLate?: boolean;
}

/** The effect of a request takes place, whoever sent it and whenever that was. */
function perform(state: State, call: Call, { isLate = false, ...manner }: Passage = {}): Performed {
  if (call.to === 'kube') {
    const { api, answer } = serve(state.api, call);
    const after = withObjects(state, api);
    return { state: after, answer, broken: after === state ? undefined : brokenByWrite(state, after) };
  }
  const { cloudflare, answer } = carryOut(state.cloudflare, call, state.now, manner);
  const judge = isLate ? brokenByLandedRevocation : brokenBySentRevocation;
  const broken = brokenByAsking(call) ?? (call.verb === 'revoke' ? judge(state, call.id) : undefined);
  return { state: { ...state, cloudflare }, answer, broken };
}

/** Other objects from now on: the garbage collector does its part, and every process is told. */
export function withObjects(state: State, api: Objects): State {
  if (api === state.api) return state;
  const collected = withoutOrphans(api);
  const keys = [...keysOf(state.api), ...keysOf(collected)];
  const processes = state.processes.map((process) => ({
    ...process,
    dirty: [...new Set([...process.dirty, ...keys])].toSorted(),
  }));
  const users = {
    ...state.users,
    letGo: letGoSince(state, collected),
    takenDown: takenDown(state, collected),
  };
  return { ...state, api: collected, processes, users: witnessed(users, collected) };
}

/** What can be seen now and must not be forgotten: ids that served, and the first pair, of which there is a backup. */
function witnessed(users: Users, api: Objects): Users {
  const pairs = servingSecrets(api).filter((secret) => pairOf(secret) !== undefined);
  const ids = pairs.flatMap((secret) => issuedPairOf(secret)?.id ?? []);
  const served = [...new Set([...users.served, ...ids])].toSorted();
  const backup = users.backup ?? pairs[0];
  const isNews = served.length > users.served.length || backup !== users.backup;
  return isNews ? { ...users, served, backup } : users;
}

/** What belongs to an object that is gone goes too. */
function withoutOrphans(api: Objects): Objects {
  const uids = new Set(Object.values(api.certificates).map(({ metadata }) => metadata.uid));
  const living = Object.entries(api.secrets).filter(([, { metadata }]) => {
    const [owner] = metadata.ownerReferences ?? [];
    return owner === undefined || uids.has(owner.uid);
  });
  return living.length === Object.keys(api.secrets).length
    ? api
    : { ...api, secrets: Object.fromEntries(living) };
}

/** What the world makes of a request that is answered, and the answer. Certificates are listed as late as they may be. */
export function answered(state: State, call: Call, manner: Passage = {}): [Step, Answer] {
  if (call.to === 'cloudflare' && state.now < state.cloudflare.awayUntil)
    return [{ state }, { cloudflare: 'CloudflareUnavailable', definite: false }];
  if (isRefused(state, call)) return [{ state }, { kube: 'Forbidden' }];
  const { state: after, answer, broken } = perform(state, call, { listsLate: true, ...manner });
  return [{ state: after, broken }, answer];
}

function isRefused({ now, refusedUntil }: State, call: Call): boolean {
  if (now >= refusedUntil || call.to !== 'kube' || call.verb !== 'apply') return false;
  return call.plural === 'secrets' && !isPending(call.body);
}

/** The request is on its way and nobody waits for it. */
export function delayed(state: State, call: Call): Step {
  const broken = call.verb === 'revoke' ? brokenBySentRevocation(state, call.id) : undefined;
  return { state: { ...state, late: [...state.late, { call, deadline: call.sentAt + WAIT_MS }] }, broken };
}

/** One trouble less is left. */
export function spend(state: State, what: keyof Budget): State {
  return { ...state, left: { ...state.left, [what]: state.left[what] - 1 } };
}
