import { describe, expect, test } from 'vitest';
import { judge, report } from '../../audit/judge.ts';
import { OPERATOR_USER, type Requests } from '../../audit/requests.ts';
import { grantsOf, operatorGrants } from '../../audit/roles.ts';

const BINDING = 'RBAC: allowed by RoleBinding "origin-ca-operator/team-a"';

/** Secrets read by the operator, under its ClusterRole, except as told. */
function requests(change: Partial<Requests> = {}): Requests {
  return {
    user: OPERATOR_USER,
    userAgent: 'origin-ca-operator/0.1.0',
    verb: 'get',
    apiGroup: '',
    resource: 'secrets',
    namespace: 'other',
    code: 200,
    decision: 'allow',
    reason: `RBAC: allowed by ClusterRoleBinding "x" of ClusterRole "operator" to ServiceAccount "x/y"`,
    count: 1,
    ...change,
  };
}

const role = (kind: string, rules: { apiGroups: string[]; resources: string[]; verbs: string[] }[]) => ({
  kind,
  metadata: { name: 'operator' },
  rules,
});
const READ_SECRETS = { apiGroups: [''], resources: ['secrets'], verbs: ['get'] };
const grants = grantsOf(role('ClusterRole', [READ_SECRETS]));

describe('grants', () => {
  test('are every verb on every resource of every rule', () => {
    const rule = { apiGroups: ['a', 'b'], resources: ['c', 'd/status'], verbs: ['get', 'patch'] };
    const found = grantsOf(role('Role', [rule, READ_SECRETS])).map(
      ({ verb, resource, apiGroup }) => `${verb} ${resource} ${apiGroup}`,
    );
    expect(found).toEqual([
      'get c a',
      'patch c a',
      'get d/status a',
      'patch d/status a',
      'get c b',
      'patch c b',
      'get d/status b',
      'patch d/status b',
      'get secrets ',
    ]);
  });

  test('are in roles only', () => {
    expect(grantsOf({ kind: 'RoleBinding', metadata: { name: 'operator' } })).toEqual([]);
  });

  test('of the operator come from its ClusterRole and both its Roles', async () => {
    expect([...new Set((await operatorGrants()).map((grant) => grant.role))]).toEqual([
      'ClusterRole "origin-ca-operator"',
      'Role "origin-ca-operator-leader"',
      'Role "origin-ca-operator"',
    ]);
  });
});

describe('a right', () => {
  test('is used by requests that it allowed, whatever became of them', () => {
    const verdict = judge(grants, [requests({ count: 3 }), requests({ code: 404, count: 2 })]);
    expect(verdict.uses).toEqual([{ grant: grants[0], count: 5 }]);
    expect(verdict.unused).toEqual([]);
  });

  test.each<[string, Partial<Requests>]>([
    ['of another verb', { verb: 'list' }],
    ['for another resource', { resource: 'configmaps' }],
    ['for a subresource', { resource: 'secrets/status' }],
    ['for a resource of that name in another group', { apiGroup: 'example.com' }],
    ['allowed by another role', { reason: `${BINDING} of Role "operator" to ServiceAccount "x/y"` }],
    [
      'allowed by a role whose name only begins so',
      {
        reason: 'RBAC: allowed by ClusterRoleBinding "x" of ClusterRole "operator-2" to ServiceAccount "x/y"',
      },
    ],
    ['that was refused', { decision: 'forbid', code: 403, reason: '' }],
    ['of a test that speaks as the account', { userAgent: 'origin-ca-operator-tests' }],
  ])('is not used by a request %s', (_, change) => {
    expect(judge(grants, [requests(change)]).unused).toEqual(grants);
  });

  test('of two roles is used in that which allowed it', () => {
    const both = [...grants, ...grantsOf(role('Role', [READ_SECRETS]))];
    const reason = `${BINDING} of Role "operator" to ServiceAccount "x/y"`;
    expect(judge(both, [requests({ reason })]).unused).toEqual(grants);
  });
});

describe('a refusal', () => {
  const refused = requests({ verb: 'list', decision: 'forbid', code: 403, reason: '', count: 4 });

  test('by RBAC of what the operator asked for is told', () => {
    expect(judge(grants, [requests(), refused]).forbidden).toEqual([refused]);
  });

  test('by admission, a quota or the schema is no matter of rights', () => {
    expect(judge(grants, [requests({ code: 403 }), requests({ code: 422 })]).forbidden).toEqual([]);
  });

  test('that a test provokes under the account is not judged, but counted', () => {
    const { forbidden, byTests } = judge(grants, [{ ...refused, userAgent: 'origin-ca-operator-tests' }]);
    expect({ forbidden, byTests }).toEqual({ forbidden: [], byTests: 4 });
  });
});

describe('the report', () => {
  test('shows every right with its count when all is well', () => {
    expect(report(judge(grants, [requests({ count: 12 })]))).toBe(
      [
        'ClusterRole "operator" of deploy/:',
        '      12  get secrets',
        '',
        "0 requests of tests under the operator's account are not judged.",
        '',
        'Each of 1 rights was used, and nothing that the operator asked for was refused.',
      ].join('\n'),
    );
  });

  test('lists what was never used and what was refused, with what to do', () => {
    const leases = requests({
      verb: 'update',
      apiGroup: 'coordination.k8s.io',
      resource: 'leases',
      namespace: 'own',
      code: 403,
      decision: 'forbid',
      count: 2,
    });
    expect(
      report(judge(grants, [leases]))
        .split('\n')
        .slice(-3),
    ).toEqual([
      '1 of 1 rights were never used; 1 kinds of request were refused:',
      '  never used: ClusterRole "operator" grants get secrets. Take it out, or test what needs it.',
      "  refused 2 times: update leases of coordination.k8s.io (in the operator's namespace, status 403)",
    ]);
  });
});
