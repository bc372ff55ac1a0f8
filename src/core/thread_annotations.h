// Clang thread-safety annotations; nothing under other compilers. https://clang.llvm.org/docs/ThreadSafetyAnalysis.html
#pragma once

#if defined(__clang__)
#define SIXFOLD_GUARDED_BY(mutex) __attribute__((guarded_by(mutex)))
#define SIXFOLD_REQUIRES(...) __attribute__((requires_capability(__VA_ARGS__)))
#else
#define SIXFOLD_GUARDED_BY(mutex)
#define SIXFOLD_REQUIRES(...)
#endif
