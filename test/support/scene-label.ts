/** Marks the cluster-scoped objects of a scene, by its namespace. */
export const SCENE_LABEL = 'test.originca.dev/scene';

const CLUSTER_SCOPED: ReadonlySet<string> = new Set([
  '/apis/originca.dev/v1alpha1/originzones',
  '/apis/originca.dev/v1alpha1/clusteroriginissuers',
]);

/**
 * A listing or watch of a cluster-scoped kind becomes one of the scene's: operators of other scenes, which have other
 * tokens and namespaces, would write their own conditions to these objects.
 */
export function ofScene(path: string, scene: string): string {
  const { pathname, searchParams } = new URL(path, 'https://api-server');
  if (!CLUSTER_SCOPED.has(pathname)) return path;
  searchParams.set('labelSelector', `${SCENE_LABEL}=${scene}`);
  return `${pathname}?${searchParams.toString()}`;
}
