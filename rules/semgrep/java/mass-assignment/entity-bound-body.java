import org.springframework.web.bind.annotation.*;

class Accounts {
    @PutMapping("/accounts")
    void save(@RequestBody Account account) {
        // ruleid: java-entity-bound-body
        accountRepository.save(account);
    }

    @PostMapping("/accounts")
    void create(@RequestBody AccountRequest account) {
        // ok: java-entity-bound-body
        accountRepository.save(new Account(account.name()));
    }

    @PostMapping("/own")
    void own(@RequestBody Account account) {
        account.setRole("customer");
        // ok: java-entity-bound-body
        accountRepository.save(account);
    }
}
