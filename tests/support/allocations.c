#include "support/allocations.h"

#include "support/faults.h"

size_t lungo_allocations(void) {
    return lungo_fault_calls(LUNGO_FAULT_MEMORY);
}

void lungo_fail_allocation(size_t n) {
    lungo_fault_arm(LUNGO_FAULT_MEMORY, n, LUNGO_FAULT_ONCE);
}
