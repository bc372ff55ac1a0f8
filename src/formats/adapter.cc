// Told by names to be PEFT's, else read as GGUF.
#include "formats/adapter.h"

#include "formats/gguf_split.h"
#include "formats/huggingface/peft_adapter.h"

namespace sixfold::formats {

Result<Checkpoint> open_adapter(const std::string& path, std::string_view architecture) {
  if (const auto folder = huggingface::peft_folder_of(path))
    return huggingface::open_peft_folder(*folder, architecture);
  return open_gguf(path);
}

}  // namespace sixfold::formats
