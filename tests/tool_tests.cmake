# Tests that run the finished tool: every scenario, the fuzzing campaign, and builds of other kinds
# (another compiler, sanitizers, libFuzzer). Those that take long have the label slow, and a sample
# that does not.

set(scenario_folder ${PROJECT_SOURCE_DIR}/scenarios)
file(GLOB_RECURSE scenarios CONFIGURE_DEPENDS ${scenario_folder}/*.scenario.json)
# Those are made for sweeps: a single run of theirs need not hold.
list(FILTER scenarios EXCLUDE REGEX "/scenarios/measure/")
foreach(scenario ${scenarios})
  file(RELATIVE_PATH name ${scenario_folder} ${scenario})
  add_test(NAME "scenario: ${name}" COMMAND quorumlab run ${scenario})
  set_tests_properties("scenario: ${name}" PROPERTIES LABELS scenario TIMEOUT 300)
endforeach()

# quorumlab_driver(NAME "fuzz: all" LABELS "slow;fuzz" SECONDS 600 RUN script arguments...)
function(quorumlab_driver)
  cmake_parse_arguments(ARG "" "NAME;SECONDS" "LABELS;RUN" ${ARGN})
  list(POP_FRONT ARG_RUN script)
  add_test(NAME ${ARG_NAME} COMMAND ${Python3_EXECUTABLE}
    ${PROJECT_SOURCE_DIR}/tests/${script} ${ARG_RUN})
  # They use every core themselves.
  set_tests_properties(${ARG_NAME} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_SECONDS}
    PROCESSORS 2)
endfunction()

quorumlab_driver(NAME "fuzz: some hundred seeds and the commit's own" LABELS fuzz SECONDS 900
  RUN fuzz_campaign.py --tool $<TARGET_FILE:quorumlab> --seeds 300 --out ${CMAKE_BINARY_DIR}/fuzz)
quorumlab_driver(NAME "fuzz: ten thousand seeds" LABELS slow fuzz SECONDS 7200
  RUN fuzz_campaign.py --tool $<TARGET_FILE:quorumlab> --seeds 10000 --out ${CMAKE_BINARY_DIR}/fuzz)

set(truth ground_truth/measure.py --program $<TARGET_FILE:quorumlab>
  --agents $<TARGET_FILE:serf_trials>)
quorumlab_driver(NAME "ground truth: sample of Raft, two thousand trials each" LABELS truth SECONDS 600
  RUN ${truth} --half raft --trials 2000)
quorumlab_driver(NAME "ground truth: sample of gossip, five hundred trials each" LABELS truth SECONDS 600
  RUN ${truth} --half gossip --trials 500)
quorumlab_driver(NAME "ground truth: sample of the store, two hundred trials each" LABELS truth SECONDS 600
  RUN ${truth} --half store --trials 200)
quorumlab_driver(NAME "ground truth: all, thirty thousand trials each" LABELS slow truth SECONDS 7200
  RUN ${truth} --trials 10000)

# Builds inside the build: only from the one that script/test makes, and only where clang is.
find_program(CLANGXX clang++)
if(QUORUMLAB_SANITIZE OR NOT CMAKE_BUILD_TYPE STREQUAL Release OR NOT CLANGXX)
  return()
endif()
set(variants --tool $<TARGET_FILE:quorumlab> --build-root ${CMAKE_BINARY_DIR})
quorumlab_driver(NAME "determinism: sample, clang++ with sanitizers" LABELS determinism SECONDS 1800
  RUN determinism/run.py ${variants} --variants clang-sanitized --seeds 1)
quorumlab_driver(NAME "determinism: all builds, five seeds" LABELS slow determinism SECONDS 7200
  RUN determinism/run.py ${variants} --variants gcc-O0,gcc-O3,clang-O2,clang-sanitized,gcc-sanitized
      --seeds 1,2,3,4,5)
quorumlab_driver(NAME "fuzzers: sample, three seconds each" LABELS fuzz SECONDS 1800
  RUN fuzzers/run.py --build-root ${CMAKE_BINARY_DIR} --seconds 3)
quorumlab_driver(NAME "fuzzers: a minute each" LABELS slow fuzz SECONDS 3600
  RUN fuzzers/run.py --build-root ${CMAKE_BINARY_DIR} --seconds 60)
quorumlab_driver(NAME "viz: panels, model and session under sanitizers" LABELS slow viz SECONDS 3600
  RUN sanitized.py --build-root ${CMAKE_BINARY_DIR} test_unit_viz test_unit_viz_screen)
quorumlab_driver(NAME "mutants: sample of eight" LABELS mutate SECONDS 1200
  RUN mutate/mutate.py --build ${CMAKE_BINARY_DIR} --sample 8 --seeds 150 --minutes 3)
quorumlab_driver(NAME "mutants: two hundred" LABELS slow mutate SECONDS 36000
  RUN mutate/mutate.py --sample 200 --unit)
# They share a build folder.
set_tests_properties("determinism: sample, clang++ with sanitizers"
  "determinism: all builds, five seeds" "fuzzers: sample, three seconds each"
  "fuzzers: a minute each" PROPERTIES RESOURCE_LOCK variants)
