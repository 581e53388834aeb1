/* Given to the C that wasm2c writes: a trap of the core is a finding. */
#pragma once
#include "wasm-rt.h"
void fuzz_trap(wasm_rt_trap_t code);
