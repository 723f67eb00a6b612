import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.jsontype.BasicPolymorphicTypeValidator;

class Mapper {
    void make(BasicPolymorphicTypeValidator validator) {
        ObjectMapper mapper = new ObjectMapper();
        // ruleid: java-polymorphic-json
        mapper.enableDefaultTyping();
        // ok: java-polymorphic-json
        mapper.activateDefaultTyping(validator);
    }
}
