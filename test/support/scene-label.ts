/** Marks the OriginZones of a scene, by its namespace. */
export const SCENE_LABEL = 'test.originca.dev/scene';

const ZONES = '/apis/originca.dev/v1alpha1/originzones';

/** A listing or watch of all OriginZones becomes one of the scene's: the kind is cluster-scoped. */
export function ofScene(path: string, scene: string): string {
  const { pathname, searchParams } = new URL(path, 'https://api-server');
  if (pathname !== ZONES) return path;
  searchParams.set('labelSelector', `${SCENE_LABEL}=${scene}`);
  return `${pathname}?${searchParams.toString()}`;
}
