package com.northwind.staff;

import static org.springframework.ldap.query.LdapQueryBuilder.query;

import com.unboundid.ldap.sdk.Filter;
import com.unboundid.ldap.sdk.LDAPConnection;
import com.unboundid.ldap.sdk.LDAPException;
import com.unboundid.ldap.sdk.SearchScope;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.naming.directory.SearchControls;
import org.springframework.ldap.core.AttributesMapper;
import org.springframework.ldap.core.LdapTemplate;
import org.springframework.ldap.filter.AndFilter;
import org.springframework.ldap.filter.EqualsFilter;
import org.springframework.ldap.support.LdapEncoder;
import org.springframework.web.bind.annotation.CookieValue;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

@RestController
public class StaffFinderHeld {
    private static final AttributesMapper<String> NAME = attributes -> (String) attributes.get("cn").get();
    private final LdapTemplate ldap;
    private final LDAPConnection connection;

    public StaffFinderHeld(LdapTemplate ldap, LDAPConnection connection) {
        this.ldap = ldap;
        this.connection = connection;
    }

    // case: vulnerable
    @GetMapping("/staff")
    public List<String> byName(@RequestParam String name) {
        return ldap.search("ou=staff", "(cn=*" + name + "*)", NAME);
    }

    // case: safe (the query builder escapes the value)
    @GetMapping("/staff/built")
    public List<String> built(@RequestParam String name) {
        return ldap.search(query().base("ou=staff").where("cn").is(name), NAME);
    }

    // case: vulnerable (the builder's raw filter)
    @GetMapping("/staff/raw")
    public List<String> raw(@RequestParam String name) {
        String text = "(&(objectClass=person)(sn=%s))".formatted(name);
        return ldap.search(query().base("ou=staff").filter(text), NAME);
    }

    // case: safe (filter objects escape)
    @GetMapping("/staff/{unit}")
    public List<String> unit(@PathVariable String unit) {
        AndFilter filter = new AndFilter();
        filter.and(new EqualsFilter("objectClass", "person")).and(new EqualsFilter("ou", unit));
        return ldap.search("ou=staff", filter.encode(), NAME);
    }

    // case: vulnerable (a login that a star satisfies)
    @PostMapping("/staff/login")
    public boolean login(@RequestBody Map<String, String> form) {
        String filter = "(uid=" + form.get("user") + ")";
        return ldap.authenticate("ou=staff", filter, form.get("password"));
    }

    // case: safe (encoded for a filter)
    @PostMapping("/staff/signin")
    public boolean signIn(@RequestBody Map<String, String> form) {
        String filter = "(uid=" + LdapEncoder.filterEncode(form.get("user")) + ")";
        return ldap.authenticate("ou=staff", filter, form.get("password"));
    }

    // case: vulnerable (UnboundID, text is parsed as a filter)
    @GetMapping("/staff/desk")
    public int desk(@CookieValue String desk) throws LDAPException {
        Filter filter = Filter.create("(&(roomNumber=" + desk + ")(active=TRUE))");
        return connection.search("ou=staff", SearchScope.SUB, filter).getEntryCount();
    }

    // case: safe (UnboundID, value stays a value)
    @GetMapping("/staff/room")
    public int room(@CookieValue String desk) throws LDAPException {
        Filter filter = Filter.createEqualityFilter("roomNumber", desk);
        return connection.search("ou=staff", SearchScope.SUB, filter).getEntryCount();
    }

    // case: safe (the list's first element is a constant)
    @GetMapping("/staff/site")
    public List<String> site(@RequestParam List<String> sites) {
        List<String> all = new ArrayList<>();
        all.add("Leeds");
        all.addAll(sites);
        return ldap.search("ou=staff", "(l=" + all.get(0) + ")", new SearchControls(), NAME);
    }

    // case: vulnerable (the list's last element is the request's)
    @GetMapping("/staff/place")
    public List<String> place(@RequestParam String site) {
        List<String> all = new ArrayList<>();
        all.add("Leeds");
        all.add(site);
        return ldap.search("ou=staff", "(l=" + all.get(all.size() - 1) + ")", new SearchControls(), NAME);
    }

    // case: safe (a number)
    @GetMapping("/staff/number/{number}")
    public List<String> number(@PathVariable int number) {
        return ldap.search("ou=staff", "(employeeNumber=" + number + ")", NAME);
    }
}
