import { EspalierError } from "../error.ts";

/** A loss or a parameter is NaN or infinite: training diverged, or the weights never fitted the data. */
export class NotFiniteError extends EspalierError {}
