// quorumlab schema: prints the JSON Schema of scenario files, or the page of verbs.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "sim/cli/cli.h"
#include "sim/script/schema.h"

namespace quorumlab::cli {

void add_schema(CLI::App& app, Chosen& chosen) {
  auto markdown = std::make_shared<bool>(false);
  CLI::App* cmd = app.add_subcommand("schema", "Print the JSON Schema (draft-07) of scenario files");
  cmd->add_flag("--markdown", *markdown, "Print the page of verbs, conditions and settings instead");
  cmd->callback([markdown, &chosen] {
    chosen = [markdown] {
      std::fputs((*markdown ? script::markdown() : script::json_schema()).c_str(), stdout);
      return 0;
    };
  });
}

}  // namespace quorumlab::cli
