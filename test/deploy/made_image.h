// A small image for two platforms, of made programs, in a store of its own.
#pragma once
#include <gtest/gtest.h>

#include <string>

#include "../registry/temporary_folder.h"
#include "deploy/content_hash.h"
#include "deploy/oci/image.h"
#include "made_elf.h"

namespace sixfold::deploy::oci {

class MadeImage {
 public:
  MadeImage() {
    add_system("amd64", 62, "/lib64/ld-linux-x86-64.so.2", "usr/lib/x86_64-linux-gnu");
    add_system("arm64", 183, "/lib/ld-linux-aarch64.so.1", "usr/lib/aarch64-linux-gnu");
    registry::write_all(folder_.at("weights"), std::string(5000, 'w'));
    registry::write_all(folder_.at("tokenizer"), "{}");
    parts.image = "localhost/bot:1.0";
    parts.title = "bot";
    parts.version = "0.1.0";
    for (const std::string name : {"amd64", "arm64"}) {
      parts.platforms.push_back({"linux/" + name, *find_program(folder_.at(name))});
    }
    parts.model = {{"weights.gguf", folder_.at("weights")}, {"a/tokenizer.json", folder_.at("tokenizer")}};
    parts.command = {"serve", "/models/weights.gguf"};
  }

  BlobStore store(const std::string& name = "store") const { return *BlobStore::open(folder_.at(name)); }

  // Built and named.
  Image build(const std::string& name = "store") const {
    ContentHashes hashes("");
    auto image = build_image(store(name), parts, hashes);
    EXPECT_TRUE(image.is_ok()) << image.error().message;
    EXPECT_TRUE(name_image(store(name), *image, parts.image).is_ok());
    return *std::move(image);
  }

  std::string at(const std::string& name) const { return folder_.at(name); }

  ImageParts parts;

 private:
  void add_system(const std::string& name, std::uint16_t machine, const std::string& loader,
                  const std::string& libraries) {
    const auto add = [&](const std::string& path, const MadeElf& made) {
      registry::write_all(folder_.at(name + "/" + path), make_elf(made));
    };
    add("usr/bin/sixfold", {machine, loader, {"libc.so.6"}});
    add(libraries + "/libc.so.6", {machine, ""});
    add(loader.substr(1), {machine, ""});
  }

  registry::TemporaryFolder folder_;
};

}  // namespace sixfold::deploy::oci
