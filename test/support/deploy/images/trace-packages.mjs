/** Preloaded into a container: at the end, says on standard error which packages were loaded. */
import { registerHooks } from 'node:module';

const loaded = new Set();
const note = (path) => {
  const at = path.lastIndexOf('/node_modules/');
  const [scope, name] = at < 0 ? [] : path.slice(at + '/node_modules/'.length).split('/');
  if (scope !== undefined) loaded.add(scope.startsWith('@') ? `${scope}/${name}` : scope);
};
registerHooks({
  load(url, context, next) {
    note(url);
    return next(url, context);
  },
});
const open = process.dlopen;
process.dlopen = (module, path, ...rest) => {
  note(path);
  return open.call(process, module, path, ...rest);
};
process.on('exit', () => process.stderr.write(`\nLOADED ${[...loaded].join(' ')}\n`));
