/** What a training process is told of where it works: plain values, sent over a pipe. */
import type { LoggedRatings } from '../../ports/logged-ratings.ts';
import type { ModelReader } from '../../ports/models.ts';
import type { SchemaSource } from '../../ports/schema-source.ts';
import type { Scale } from '../../model/scale.ts';
import type { Values } from '../../setting.ts';
import type { WindowLimits } from '../../train/log-window.ts';
import type { kafkaSettings } from '../kafka-settings.ts';
import type { mappingSettings } from '../mapping-settings.ts';
import type { registrySettings } from '../registry-settings.ts';

export interface FolderSource {
  readonly kind: 'folder';
  readonly folder: string;
}

export interface KafkaSource {
  readonly kind: 'kafka';
  readonly values: Values<typeof kafkaSettings> & Values<typeof registrySettings>;
}

export interface TrainingPlace {
  readonly source: FolderSource | KafkaSource;
  readonly mapping: Values<typeof mappingSettings>;
  readonly scale: Scale;
  readonly limits: WindowLimits;
  readonly budgetSeconds: number;
  readonly historyLimit: number;
}

export interface OpenedSource {
  /** Closes everything with itself. */
  readonly ratings: LoggedRatings;
  readonly models: ModelReader;
  /** Of a registry, where there is one. */
  readonly schemas?: SchemaSource;
  readonly schemaById?: (schemaId: number) => object | undefined;
}
