// Puts models/sixfold-tiny.gguf into a section of its own of the program's read-only data.  SIXFOLD_BUILTIN_MODEL is its path.
    .section .sixfold.model,"a",%progbits
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
