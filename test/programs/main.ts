import { startControlPlane } from './control-plane.ts';
const t = performance.now();
const p = await startControlPlane();
console.error(`ready in ${performance.now() - t} ms`);
console.log(p.kubeconfigPath);
process.on('SIGINT', () => void p.stop());
