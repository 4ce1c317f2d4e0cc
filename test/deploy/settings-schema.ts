/** JSON Schema of a role's settings, from their declarations. */
import type { Setting, Settings } from '../../src/setting.ts';

type Schema = Readonly<Record<string, unknown>>;

/** What other values of the chart set, or what has no meaning in a pod. */
export const setByTheChart =
  /^(role|data|brokers|app|topics|kafka.*|createTopics|partitions|replicationFactor|registry.*|subjectStrategy|http.*|schemas)$/;

export function settingsSchema(settings: Settings): Schema {
  const open = Object.entries(settings).filter(([name]) => !setByTheChart.test(name));
  return {
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(
      open.map(([name, setting]) => [name, { ...typeOf(setting), description: setting.doc }]),
    ),
  };
}

function typeOf(setting: Setting): Schema {
  switch (setting.type) {
    case 'integer':
    case 'number': {
      const { type, min, max } = setting;
      return { type, ...(min === undefined ? {} : { minimum: min }), ...(max === undefined ? {} : { maximum: max }) };
    }
    case 'boolean':
      return { type: 'boolean' };
    case 'choice':
      return { type: 'string', enum: setting.choices };
    case 'list':
      return { type: ['array', 'string'], items: { type: 'string' } };
    case 'map': {
      const keys = setting.keys.map((key) => [key, { type: 'string' }] as const);
      return { type: ['object', 'string'], additionalProperties: false, properties: Object.fromEntries(keys) };
    }
    case 'scale':
      return { type: ['string', 'array'], pattern: '^-?[0-9.]+\\.\\.-?[0-9.]+$', items: { type: 'number' } };
    case 'text':
      return { type: 'string' };
  }
}
