// The table of rules.
#include "core/kv/rules.h"

namespace quorumlab::kv {
namespace {

constexpr RuleInfo kRules[] = {
#define X(name, source, meaning) {Rule::name, #name, source, meaning},
    QUORUMLAB_KV_RULES(X)
#undef X
};

}  // namespace

const RuleInfo* all_rules() { return kRules; }

std::optional<Rule> find_rule(std::string_view name) {
  for (const RuleInfo& info : kRules) {
    if (info.name == name) return info.rule;
  }
  return std::nullopt;
}

std::string_view rule_name(Rule rule) { return kRules[static_cast<std::size_t>(rule)].name; }

}  // namespace quorumlab::kv
