package com.northwind.customers;

import jakarta.persistence.EntityManager;
import jakarta.persistence.PersistenceContext;
import jakarta.persistence.TypedQuery;
import jakarta.persistence.criteria.CriteriaBuilder;
import jakarta.persistence.criteria.CriteriaQuery;
import jakarta.persistence.criteria.Root;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.ibatis.annotations.Mapper;
import org.apache.ibatis.annotations.Param;
import org.apache.ibatis.annotations.Select;
import org.hibernate.Session;
import org.springframework.data.jpa.repository.JpaRepository;
import org.springframework.data.jpa.repository.Query;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.namedparam.MapSqlParameterSource;
import org.springframework.jdbc.core.namedparam.NamedParameterJdbcTemplate;
import org.springframework.web.bind.annotation.CookieValue;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

@RestController
public class CustomerSearchHeld {
    private final JdbcTemplate jdbc;
    private final NamedParameterJdbcTemplate named;
    @PersistenceContext
    private EntityManager entities;

    public CustomerSearchHeld(JdbcTemplate jdbc, NamedParameterJdbcTemplate named) {
        this.jdbc = jdbc;
        this.named = named;
    }

    record Criteria(String city, String order, int limit) {}

    // case: vulnerable
    @GetMapping("/customers")
    public List<Map<String, Object>> byName(@RequestParam String name) {
        return jdbc.queryForList("select * from customer where name like '%" + name + "%'");
    }

    // case: safe (bound by JdbcTemplate)
    @GetMapping("/customers/named")
    public List<Map<String, Object>> exact(@RequestParam String name) {
        return jdbc.queryForList("select * from customer where name like ?", "%" + name + "%");
    }

    // case: vulnerable (the values are bound, the sort order is not)
    @PostMapping("/customers/search")
    public List<Map<String, Object>> search(@RequestBody Criteria criteria) {
        MapSqlParameterSource values = new MapSqlParameterSource("city", criteria.city());
        String sql = """
                select id, name from customer
                where city = :city
                order by %s
                """.formatted(criteria.order());
        return named.queryForList(sql, values);
    }

    // case: safe (JPQL with a named parameter)
    @GetMapping("/customers/city/{city}")
    public List<?> inCity(@PathVariable String city) {
        TypedQuery<Object> query = entities.createQuery("select c from Customer c where c.city = :city", Object.class);
        query.setParameter("city", city);
        return query.getResultList();
    }

    // case: vulnerable (JPQL is no safer than SQL when concatenated)
    @GetMapping("/customers/tier/{tier}")
    public List<?> inTier(@PathVariable String tier) {
        String jpql = "select c from Customer c where c.tier = '".concat(tier).concat("'");
        return entities.createQuery(jpql).getResultList();
    }

    // case: safe (criteria API)
    @GetMapping("/customers/criteria")
    public List<Object> criteria(@RequestParam String email) {
        CriteriaBuilder builder = entities.getCriteriaBuilder();
        CriteriaQuery<Object> query = builder.createQuery();
        Root<Object> root = query.from(Object.class);
        query.select(root).where(builder.equal(root.get("email"), email));
        return entities.createQuery(query).getResultList();
    }

    // case: vulnerable (dollar braces paste the text into the statement)
    @Mapper
    interface ReportMapper {
        @Select("SELECT * FROM report WHERE owner = '${owner}'")
        List<Map<String, Object>> byOwner(@Param("owner") String owner);
    }

    // case: safe (hash braces bind)
    @Mapper
    interface LedgerMapper {
        @Select("SELECT * FROM ledger WHERE owner = #{owner} AND booked > #{since}")
        List<Map<String, Object>> byOwner(@Param("owner") String owner, @Param("since") String since);
    }

    // case: vulnerable (native query of the session, cookie as source)
    @GetMapping("/customers/recent")
    public List<?> recent(@CookieValue("tenant") String tenant) {
        Session session = entities.unwrap(Session.class);
        List<String> parts = new ArrayList<>();
        parts.add("select * from ");
        parts.add(tenant);
        parts.add(".visit");
        return session.createNativeQuery(String.join("", parts)).list();
    }

    // case: safe (Spring Data binds what the method is given)
    interface Customers extends JpaRepository<Object, Long> {
        @Query(value = "select * from customer where phone = ?1", nativeQuery = true)
        List<Object> byPhone(String phone);
    }

    // case: safe (a UUID can hold no apostrophe)
    @GetMapping("/customers/id/{id}")
    public Map<String, Object> one(@PathVariable String id) {
        UUID key = UUID.fromString(id);
        return jdbc.queryForMap("select * from customer where id = '" + key + "'");
    }

    // case: safe (the map's tainted key is replaced before it is read)
    @GetMapping("/customers/view")
    public Integer view(@RequestHeader("X-View") String wanted) {
        Map<String, String> settings = new HashMap<>();
        settings.put("view", wanted);
        settings.put("view", "active_customers");
        return jdbc.queryForObject("select count(*) from " + settings.get("view"), Integer.class);
    }
}
