// What the CPU of this process can do, as far as the kernels care.
#pragma once
#include <string>

namespace sixfold::kernels {

// Whole sets, each exactly what one row of dispatch.cc is compiled with.  False on other processor families.
bool cpu_runs_avx2();        // AVX2, FMA, F16C
bool cpu_runs_avx512();      // the above, AVX-512 F, BW, VL, DQ and VNNI
bool cpu_runs_avx512bf16();  // the above, AVX512_BF16
bool cpu_runs_amx();         // the above, AMX with INT8 and BF16; asks the operating system for the right to use it
bool cpu_runs_neon();        // Armv8.2 with half-precision conversion and integer dot product

// Names of the single features present, separated by blanks: "avx2 fma f16c avx512f ...".
std::string cpu_feature_names();

// What the kernel calls this processor: "AMD EPYC 9R14"; "unknown" when it does not say.
std::string cpu_model_name();

}  // namespace sixfold::kernels
