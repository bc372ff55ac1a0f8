// Puts models/sixfold-tiny.gguf into the read-only data of the program.  SIXFOLD_BUILTIN_MODEL is its path.
    .section .rodata
    .balign 64
    .global sixfold_builtin_model_begin
    .global sixfold_builtin_model_end
    .hidden sixfold_builtin_model_begin
    .hidden sixfold_builtin_model_end
sixfold_builtin_model_begin:
    .incbin SIXFOLD_BUILTIN_MODEL
sixfold_builtin_model_end:
    .byte 0
    .section .note.GNU-stack,"",%progbits
