/** What the API says of how well a version finds objects. Only the fields the pages read. */

export interface Scores {
  readonly ap?: Readonly<Record<string, number>>;
  readonly f1?: Readonly<Record<string, number>>;
  readonly precision?: Readonly<Record<string, number>>;
  readonly recall?: Readonly<Record<string, number>>;
  readonly panoptic_quality?: number;
  readonly segmentation_quality?: number;
  readonly detection_quality?: number;
  readonly count_error?: number;
  readonly n_truth?: number;
  readonly n_predicted?: number;
}

export interface Report {
  readonly pooled?: Scores;
  readonly mean?: Scores;
  readonly n_images?: number;
  readonly n_instances?: number;
  /** The same regions the fast way, where the project's drafts are made so. */
  readonly fast?: FastReport;
  /** Kinds of objects, where people and the version tell some apart. */
  readonly classes?: KindsReport;
}

export interface KindsReport {
  readonly names: readonly string[];
  /** Share of the found objects of known class that got it; null: there is none. */
  readonly accuracy: number | null;
  readonly n_judged: number;
  readonly by_class: readonly {
    readonly name: string;
    readonly ap: number;
    readonly precision: number;
    readonly recall: number;
    readonly n_truth: number;
    readonly n_predicted: number;
  }[];
  /** Rows are true classes, columns what was said; the last column is no class. */
  readonly confusion: readonly (readonly number[])[];
}

export interface FastReport {
  readonly pooled?: Scores;
  readonly agreement?: {
    readonly iou: number;
    readonly n_objects: number;
    readonly n_same: number;
    /** null: the exact way found no object. */
    readonly share: number | null;
  };
}
