// The rules of an engine by name, and which of them are on: a bitset with one bit for each name of its
// list (rules.h of the engine). All are on unless somebody says otherwise, and only the simulation may.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace quorumlab {

template <class Rule, std::size_t kCount>
class RuleSet {
 public:
  constexpr bool operator[](Rule rule) const {
    return (off_[static_cast<std::size_t>(rule) / 64] >> (static_cast<std::size_t>(rule) % 64) &
            1) == 0;
  }
  constexpr void set(Rule rule, bool on) {
    const std::uint64_t bit = std::uint64_t{1} << (static_cast<std::size_t>(rule) % 64);
    std::uint64_t& word = off_[static_cast<std::size_t>(rule) / 64];
    word = on ? word & ~bit : word | bit;
  }
  constexpr bool all_on() const {
    for (const std::uint64_t word : off_) {
      if (word != 0) return false;
    }
    return true;
  }
  constexpr bool operator==(const RuleSet&) const = default;

 private:
  std::array<std::uint64_t, (kCount + 63) / 64> off_{};
};

// What a list says of one rule: its name, where it is stated, what it demands.
template <class Rule>
struct RuleOf {
  Rule rule;
  std::string_view name, source, meaning;
};

template <class Rule, std::size_t kCount>
constexpr std::optional<Rule> rule_of_name(const RuleOf<Rule> (&list)[kCount],
                                           std::string_view name) {
  for (const RuleOf<Rule>& info : list) {
    if (info.name == name) return info.rule;
  }
  return std::nullopt;
}

#define QUORUMLAB_RULE_NAME(name, source, meaning) name,
#define QUORUMLAB_RULE_ONE(name, source, meaning) +1
#define QUORUMLAB_RULE_INFO(name, source, meaning) {Rule::name, #name, source, meaning},

// In the namespace of an engine, from its list LIST(X) of X(name, source, meaning): the enum `Rule`,
// the set `Rules`, the table of all in the order of the enum, and the way from a name to its rule and back.
#define QUORUMLAB_DECLARE_RULES(LIST)                                                              \
  enum class Rule : std::uint8_t { LIST(QUORUMLAB_RULE_NAME) };                                    \
  inline constexpr std::size_t kRuleCount = 0 LIST(QUORUMLAB_RULE_ONE);                            \
  using Rules = RuleSet<Rule, kRuleCount>;                                                         \
  using RuleInfo = RuleOf<Rule>;                                                                   \
  inline constexpr RuleInfo kRules[] = {LIST(QUORUMLAB_RULE_INFO)};                                \
  constexpr std::optional<Rule> find_rule(std::string_view name) {                                 \
    return rule_of_name(kRules, name);                                                             \
  }                                                                                                \
  constexpr std::string_view rule_name(Rule rule) {                                                \
    return kRules[static_cast<std::size_t>(rule)].name;                                            \
  }

}  // namespace quorumlab
