/** Tells a unit of several paths from one of a single path. By its form, so that units from another copy of the library count too. */
import type { Unit } from "../logical-unit.ts";
import type { MultipathUnit } from "./unit.ts";

/**
 * Is it a unit of several paths? Also one that has but one path at present.
 *
 * @example
 * if (isMultipath(unit)) console.log(unit.paths.length);
 */
export const isMultipath = (unit: Unit): unit is MultipathUnit => "paths" in unit;
